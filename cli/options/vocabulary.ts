/** How a command calls arguments: by its options. */

import { type ArgumentPath, rowAt, type Vocabulary } from "../../provider/args/vocabulary";
import { optionFlag } from "../../provider/optionFlag";
import type { OptionTable } from "../description/option";

/** @param options - of the command: what is none of them is not named */
export function commandVocabulary(options: OptionTable): Vocabulary {
  const byFlag = new Map(Object.entries(options).map(([name, option]) => [optionFlag(name), option]));
  const nameOf = (argument: ArgumentPath): string | undefined => {
    const flag = rowAt(argument)?.option;
    return flag !== undefined && byFlag.has(flag) ? flag : undefined;
  };
  return {
    isProgram: false,
    nameOf,
    assignment(argument, value) {
      const flag = nameOf(argument);
      if (flag === undefined || byFlag.get(flag)?.value === undefined) return flag;
      return [value]
        .flat()
        .map((each) => `${flag} ${each}`)
        .join(" ");
    },
  };
}
