/** A process that saves once, says so, and then waits to be killed: `node saver.ts TARGET ADDRESS [RECIPIENT]`. */
import { saveTo } from "./saving";

const [target = "", address = "", recipient] = process.argv.slice(2);

async function main(): Promise<void> {
  await saveTo(target, { address }, recipient === undefined ? {} : { recipients: [recipient] });
  process.stdout.write("saved\n");
  process.stdin.resume();
}

void main();
