// The language host that can be built (3.68) takes `typescript: false` only as a flag, which the engine (3.259) does not
// pass on: it would load TypeScript for a program in JavaScript.
if (process.env.TEST_JAVASCRIPT_PROGRAM === "yes") delete process.env.PULUMI_NODEJS_TYPESCRIPT;
