/** Creates completion scripts from the descriptions of commands. No script runs the command while a user types. */

import { optionFlag } from "../../provider/optionFlag";
import type { Command } from "../description/command";
import type { Option } from "../description/option";

/** @param shell - `bash`, `zsh` or `fish` */
export function completionScript(shell: string, commands: readonly Command[]): string {
  const lines = shell === "zsh" ? zsh(commands) : shell === "fish" ? fish(commands) : bash(commands);
  return `${lines.join("\n")}\n`;
}

const PROGRAM_OPTIONS = ["--help", "--version"];

/** Works without the package bash-completion, and with the bash 3.2 of macOS. */
function bash(commands: readonly Command[]): string[] {
  const names = commands.map(({ name }) => name);
  return [
    "# bash completion of consul-snapshot: source <(consul-snapshot completion bash)",
    "_consul_snapshot() {",
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="" command="${COMP_WORDS[1]}" options="" values=""',
    '  [ "$COMP_CWORD" -gt 1 ] && before="${COMP_WORDS[COMP_CWORD-1]}"',
    "  COMPREPLY=()",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W "${[...names, "help", ...PROGRAM_OPTIONS].join(" ")}" -- "$word"))`,
    "    return",
    "  fi",
    '  case "$command" in',
    `    help) COMPREPLY=($(compgen -W "${names.join(" ")}" -- "$word")); return ;;`,
    ...commands.flatMap((command) => [
      `    ${command.name})`,
      `      options="${flagsOf(command).join(" ")}"`,
      `      values="${operandChoices(command).join(" ")}"`,
      '      case "$before" in',
      ...Object.entries(command.options).flatMap(([name, option]) => bashValue(name, option)),
      "      esac ;;",
    ]),
    "  esac",
    '  case "$word" in',
    '    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;',
    '    *) COMPREPLY=($(compgen -W "$values" -- "$word")) ;;',
    "  esac",
    "}",
    "complete -o default -F _consul_snapshot consul-snapshot",
  ];
}

/** Without a reply, bash completes file names. */
function bashValue(name: string, { value, choices }: Option): string[] {
  if (value === undefined) return [];
  const reply = choices === undefined ? "" : ` COMPREPLY=($(compgen -W "${choices.join(" ")}" -- "$word"));`;
  return [`        ${optionFlag(name)})${reply} return ;;`];
}

function zsh(commands: readonly Command[]): string[] {
  return [
    "#compdef consul-snapshot",
    "# zsh completion of consul-snapshot: source <(consul-snapshot completion zsh)",
    "_consul-snapshot() {",
    "  local -a commands",
    "  commands=(",
    ...commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`),
    "  )",
    "  if (( CURRENT == 2 )); then",
    "    _describe command commands",
    "    return",
    "  fi",
    '  local command="${words[2]}"',
    "  shift words",
    "  (( CURRENT-- ))",
    '  case "$command" in',
    "    help) _describe command commands ;;",
    ...commands.flatMap((command) => [
      `    ${command.name})`,
      `      _arguments -S ${[
        "'--help[print help]'",
        ...Object.entries(command.options).map(([name, option]) => zshOption(name, option)),
        ...command.operands.map(({ name, many, choices }, at) =>
          quoted(`${many === true ? "*" : at + 1}:${name}:${zshAction(choices)}`),
        ),
      ].join(" \\\n        ")} ;;`,
    ]),
    "  esac",
    "}",
    'if [ "$funcstack[1]" = "_consul-snapshot" ]; then _consul-snapshot "$@"; else compdef _consul-snapshot consul-snapshot; fi',
  ];
}

function zshOption(name: string, { value, doc, list, choices }: Option): string {
  const text = doc.replaceAll(/[[\]:\\]/g, "\\$&");
  const rest = value === undefined ? "" : `:${value.replaceAll(":", "\\:")}:${zshAction(choices)}`;
  const flag = `${optionFlag(name)}${value === undefined ? "" : "="}`;
  return quoted(`${list === true ? "*" : ""}${flag}[${text}]${rest}`);
}

function zshAction(choices: readonly string[] | undefined): string {
  return choices === undefined ? "_files" : `(${choices.join(" ")})`;
}

function fish(commands: readonly Command[]): string[] {
  const names = commands.map(({ name }) => name).join(" ");
  const first = `not __fish_seen_subcommand_from ${names} help`;
  return [
    "# fish completion of consul-snapshot: consul-snapshot completion fish | source",
    `complete -c consul-snapshot -n ${quoted(first)} -f -l version -d 'print the version'`,
    "complete -c consul-snapshot -l help -d 'print help'",
    ...commands.flatMap((command) => {
      const { name, summary, options } = command;
      const inside = `__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from help`;
      const choices = operandChoices(command);
      return [
        `complete -c consul-snapshot -n ${quoted(first)} -f -a ${name} -d ${quoted(summary)}`,
        ...(choices.length === 0
          ? []
          : [`complete -c consul-snapshot -n ${quoted(inside)} -f -a ${quoted(choices.join(" "))}`]),
        ...Object.entries(options).map(
          ([key, option]) =>
            `complete -c consul-snapshot -n ${quoted(inside)} -l ${optionFlag(key).slice(2)}${fishValue(option)} -d ${quoted(option.doc)}`,
        ),
      ];
    }),
    `complete -c consul-snapshot -n '__fish_seen_subcommand_from help' -f -a ${quoted(names)}`,
  ];
}

function fishValue({ value, choices }: Option): string {
  if (value === undefined) return "";
  return choices === undefined ? " -r" : ` -x -a ${quoted(choices.join(" "))}`;
}

function flagsOf({ options }: Command): string[] {
  return [...Object.keys(options).map(optionFlag), "--help"];
}

function operandChoices({ operands }: Command): readonly string[] {
  return operands.flatMap(({ choices }) => choices ?? []);
}

/** Removes apostrophes, because the shells quote them in different ways. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
