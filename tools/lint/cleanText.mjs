// Restricted syntax that keeps text from outside away from the terminal, logs and endpoints: provider/text.ts alone makes
// clean text, and what writes bytes that are not cleaned is listed here.

const CLEAN = "TSTypeReference[typeName.name=/^Clean(Text|Lines)$/]";

/** Nothing but provider/text.ts may say that text is clean. */
const forged = [
  ...["TSAsExpression", "TSTypeAssertion"].flatMap((cast) => [
    `${cast} > ${CLEAN}.typeAnnotation`,
    `${cast} > .typeAnnotation ${CLEAN}`,
  ]),
  `TSTypePredicate ${CLEAN}`,
].map((selector) => ({ selector, message: "Only provider/text.ts makes clean text: use its functions and tags." }));

const called = {
  selector: "CallExpression[callee.name=/^(composed|remark|sentence)$/]",
  message: "This is a template tag: the words of a call could come from outside.",
};

const raw = [
  {
    selector: "CallExpression[callee.property.name='writeRaw']",
    message: "Text is written with write, which takes clean text.",
  },
  {
    selector:
      "CallExpression[callee.property.name='write'][callee.object.object.name='process'], CallExpression[callee.object.name='console']",
    message: "Text is shown by cli/terminal/output.ts and by the agent's log, which take clean text.",
  },
];

/** For every file of the product but provider/text.ts. */
export const noForgedText = [...forged, called];
/** For every file that is not in `RAW_WRITERS`. */
export const noRawWrites = raw;

/** What these write is not cleaned. */
export const RAW_WRITERS = [
  // Help and completion scripts: our own words, longer than a message.
  "cli/commandLine.ts",
  "cli/commands/completion.ts",
  // Archives, values, exports and Consul's own report, byte for byte or cleaned piece by piece.
  "cli/source/sink.ts",
  // The port, for the engine, and why there is none.
  "provider/hosts/plugin/main.ts",
];
