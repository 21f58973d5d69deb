/** Ends the children of a test process when it dies, however it dies: also by `kill -9`, which no handler sees. */
import { spawn } from "node:child_process";

/** Lets this process end while the pipe to a child is open. Such a pipe is a socket, which the types do not tell. */
export function unrefStream(stream: object): void {
  (stream as { unref?: () => void }).unref?.();
}

/**
 * Watches over one child with a small shell that reads from this process: when this process is gone, the reading
 * ends, the child is killed and the folder removed.
 *
 * @returns calls the watch off, once the child has ended
 */
export function reap(pid: number, folder: string): () => void {
  const script = 'cat >/dev/null; kill -9 "$1" 2>/dev/null; rm -rf "$2"';
  const reaper = spawn("sh", ["-c", script, "reaper", String(pid), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // so that Ctrl-C at a terminal does not end it before its work
  });
  reaper.unref();
  unrefStream(reaper.stdin);
  return () => void reaper.kill("SIGKILL");
}
