/** A bucket's server that puts what it likes into its errors: in each bucket `bN` in its own way. */

import { createServer, type ServerResponse } from "node:http";
import { type Listening, listenOnLoopback } from "./listening";

export interface EchoingStore extends Listening {
  /** A target or location in the bucket in which the server answers in this way. */
  url(number: number, key: string): string;
}

/** The form of a service's errors, and its URLs. */
export interface StoreForm {
  readonly name: string;
  /** @returns the answer's headers and body */
  readonly error: (
    code: string,
    message: string,
  ) => { readonly headers: Record<string, string>; readonly body: string };
  readonly url: (port: number, bucket: string, key: string) => string;
}

const XML = { "Content-Type": "application/xml" };

export const STORE_FORMS: readonly StoreForm[] = [
  {
    name: "S3",
    error: (code, message) => ({
      headers: { ...XML, "x-amz-bucket-region": headerOf(message), "x-amz-request-id": headerOf(message) },
      body: `<Error><Code>${xml(code)}</Code><Message>${xml(message)}</Message><Resource>${xml(message)}</Resource></Error>`,
    }),
    url: (port, bucket, key) =>
      `s3://${bucket}/${key}?region=us-east-1&endpoint=127.0.0.1:${port}&disableSSL=true&s3ForcePathStyle=true`,
  },
  {
    name: "Google Cloud Storage",
    error: (code, message) => ({
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ error: { code: 403, message, errors: [{ reason: code, message, domain: message }] } }),
    }),
    url: (port, bucket, key) => `gs://${bucket}/${key}?endpoint=${encodeURIComponent(`http://127.0.0.1:${port}`)}`,
  },
  {
    name: "Azure",
    error: (code, message) => ({
      headers: { ...XML, "x-ms-error-code": headerOf(code), "x-ms-request-id": headerOf(message) },
      body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${xml(code)}</Code><Message>${xml(message)}</Message></Error>`,
    }),
    url: (port, bucket, key) => `azblob://${bucket}/${key}?domain=127.0.0.1:${port}&protocol=http`,
  },
];

type Answer = (echo: string, response: ServerResponse, error: StoreForm["error"]) => void;

/** Statuses that no client of a store tries again. */
const WAYS: readonly Answer[] = [
  (echo, response, error) => send(response, 403, error("AccessDenied", echo)),
  (echo, response, error) => send(response, 403, error(echo, "no")),
  (echo, response, error) => send(response, 400, error(headerOf(echo).replaceAll(/[^A-Za-z0-9]/g, ""), echo)),
  (echo, response) => send(response, 403, { headers: { "Content-Type": "text/html" }, body: `<h1>${echo}</h1>` }),
  (echo, response) => send(response, 400, { headers: { "Content-Type": headerOf(echo) }, body: "" }),
  (echo, response) => void response.writeHead(409, headerOf(echo)).end(),
  (echo, response) => send(response, 200, { headers: {}, body: echo }),
];

/** How many ways there are. */
export const STORE_WAYS = WAYS.length;

/** @param echoOf - what the answers in the bucket `bN` contain */
export async function echoingStore(form: StoreForm, echoOf: (number: number) => string): Promise<EchoingStore> {
  const server = createServer((request, response) => {
    request.resume();
    const number = Number(/\/b(\d+)\b/.exec(request.url ?? "")?.[1] ?? 0);
    WAYS[number % WAYS.length]?.(echoOf(number), response, form.error);
  });
  const listening = await listenOnLoopback(server);
  return { ...listening, url: (number, key) => form.url(listening.port, `b${number}`, key) };
}

function send(response: ServerResponse, status: number, answer: ReturnType<StoreForm["error"]>): void {
  response.writeHead(status, answer.headers).end(answer.body);
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** What fits into a header, which is one line of ASCII. */
function headerOf(echo: string): string {
  return echo.replaceAll(/[^ -~]/g, "");
}
