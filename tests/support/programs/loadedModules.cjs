// Preloaded: at the end, writes the files that the process has loaded to the file that LOADED_MODULES names, one a line.
const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(process.env.LOADED_MODULES, Object.keys(require.cache).join("\n")));
