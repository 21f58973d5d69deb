// What the tests' Pulumi processes load first.
require("./lazyModules.cjs");
require("./compileCache.cjs");
require("./javascriptProgram.cjs");
