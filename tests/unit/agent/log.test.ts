import { expect } from "chai";
import { makeLog } from "../../../agent/log";
import { cleanMessage, registerSecret } from "../../../provider/text";

function linesOf(
  format: "text" | "json",
  level: "INFO" | "DEBUG",
  work: (log: ReturnType<typeof makeLog>) => void,
): string[] {
  const lines: string[] = [];
  const config = { format, level, syslog: false, facility: "LOCAL0" } as const;
  work(
    makeLog(
      config,
      (line) => lines.push(line),
      () => new Date(2023, 10, 16, 21, 21, 13),
    ),
  );
  return lines;
}

describe("the agent's log", () => {
  it("has the lines of HashiCorp's agent", () => {
    const lines = linesOf("text", "INFO", (log) => {
      log.info(cleanMessage("Obtained leadership"));
      log.info(cleanMessage("Saved snapshot"), { id: "1613079399661741730", destination: undefined });
      log.debug(cleanMessage("not shown"));
      log.error(cleanMessage("no\n  such  place"), { destination: "a b" });
    });
    expect(lines).to.deep.equal([
      "2023/11/16 21:21:13 [INFO] Obtained leadership",
      "2023/11/16 21:21:13 [INFO] Saved snapshot: id=1613079399661741730",
      '2023/11/16 21:21:13 [ERROR] no; such  place: destination="a b"',
    ]);
  });

  it("is one JSON object a line where that is asked for", () => {
    const [line = ""] = linesOf("json", "INFO", (log) =>
      log.warn(cleanMessage("a\nb"), { destination: "s3://b/", tries: 2 }),
    );
    expect(JSON.parse(line)).to.deep.equal({
      "@timestamp": new Date(2023, 10, 16, 21, 21, 13).toISOString(),
      "@level": "warn",
      "@message": "a; b",
      destination: "s3://b/",
      tries: 2,
    });
  });

  it("shows no secret, in a message or a field", () => {
    registerSecret("hunter2-hunter2");
    for (const format of ["text", "json"] as const) {
      const lines = linesOf(format, "INFO", (log) =>
        log.info(cleanMessage("with hunter2-hunter2"), { field: "hunter2-hunter2" }),
      );
      expect(lines.join()).to.not.include("hunter2");
    }
  });
});
