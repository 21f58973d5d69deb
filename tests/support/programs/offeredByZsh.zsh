# zsh -f offeredByZsh.zsh SCRIPT LINE: prints "offered:WORD" for each word that zsh offers where LINE ends, once SCRIPT is loaded.
# Completion works only in an interactive shell, so one runs at a pseudo-terminal. It runs this file with "inside" before SCRIPT.

if [[ $1 != inside ]]; then
  zmodload zsh/zpty || exit 3
  zpty shell zsh -f -i
  zpty -w shell "source ${(q)0:A} inside ${(q)1}"
  zpty -r shell out $'*\x01ready\x01*'
  zpty -w -n shell "$2"$'\t'
  zpty -r shell out $'*\x01end\x01*'
  print -r -- "${out%%$'\x01end'*}"
  zpty -d shell
  exit
fi

PROMPT=
autoload -Uz compinit
# Without a question about the owners of folders. The next shell with this HOME reads the dump, which is quicker.
compinit -u -d "$HOME/dump"
source "$2"
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false
finish() { print -n -- $'\x01end\x01' }
comppostfuncs=(finish)
compadd() {
  # With these options it adds nothing.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  local -a hits
  builtin compadd -A hits "$@"
  builtin compadd "$@"
  local code=$?
  for hit in $hits; do print -r -- $'\n'"offered:$hit"; done
  return $code
}
print -n -- $'\x01ready\x01'
