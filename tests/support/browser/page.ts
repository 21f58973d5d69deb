import type { DevToolsConnection } from "./connection";

export interface View {
  readonly scheme: "light" | "dark";
  /** In CSS pixels. */
  readonly width: number;
}

/** A tab. It keeps what the browser requested and complained about since it was opened. */
export class BrowserPage {
  /** The URL of each request. */
  readonly requests: string[] = [];
  /** Messages of the console: those of scripts, and the browser's own, such as one of a violated policy. */
  readonly complaints: string[] = [];
  readonly #connection: DevToolsConnection;
  readonly #session: string;
  #loaded: () => void = () => undefined;

  private constructor(connection: DevToolsConnection, session: string) {
    this.#connection = connection;
    this.#session = session;
    connection.onEvent(session, (method, params) => this.#receive(method, params));
  }

  static async open(connection: DevToolsConnection): Promise<BrowserPage> {
    const { targetId } = (await connection.call("Target.createTarget", { url: "about:blank" })) as { targetId: string };
    const attached = await connection.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new BrowserPage(connection, (attached as { sessionId: string }).sessionId);
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await page.call(`${domain}.enable`);
    return page;
  }

  /** Shows what is loaded from now on, and what is there, in this way. */
  async view({ scheme, width }: View): Promise<void> {
    await this.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    // A phone: the page decides with its viewport element whether it is as wide as the screen.
    await this.call("Emulation.setDeviceMetricsOverride", {
      width,
      height: 800,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
  }

  /** Opens a URL, and waits until everything is loaded. */
  async goto(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => (this.#loaded = resolve));
    const { errorText } = (await this.call("Page.navigate", { url })) as { errorText?: string };
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  /** The value of an expression in the page. It runs whatever the page's policy is. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = (await this.call("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    })) as { result: { value?: unknown }; exceptionDetails?: { exception?: { description?: string } } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description);
    return result.value;
  }

  /** A PNG of the whole page, also of what is below the screen. */
  async screenshot(): Promise<Buffer> {
    const { cssContentSize } = (await this.call("Page.getLayoutMetrics")) as {
      cssContentSize: { x: number; y: number; width: number; height: number };
    };
    const taken = await this.call("Page.captureScreenshot", {
      format: "png",
      captureBeyondViewport: true,
      clip: { ...cssContentSize, scale: 1 },
    });
    return Buffer.from((taken as { data: string }).data, "base64");
  }

  /** Calls a method of the protocol in this tab. */
  call(method: string, params: object = {}): Promise<unknown> {
    return this.#connection.call(method, params, this.#session);
  }

  #receive(method: string, params: unknown): void {
    if (method === "Page.loadEventFired") this.#loaded();
    else if (method === "Network.requestWillBeSent") {
      this.requests.push((params as { request: { url: string } }).request.url);
    } else if (method === "Log.entryAdded") this.complaints.push((params as { entry: { text: string } }).entry.text);
    else if (method === "Runtime.consoleAPICalled" || method === "Runtime.exceptionThrown") {
      this.complaints.push(JSON.stringify(params));
    }
  }
}
