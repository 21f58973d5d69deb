/** What documentation says of the places that several arguments name. */

import { DEFAULT_NAME, PLACEHOLDERS } from "../../store/placeholders";

/** The URLs of the backends in `store/backends.ts`; a test compares. */
export const PLACE_URLS = "`file://`, `s3://`, `gs://` or `azblob://` URL";

const CODES = Object.keys(PLACEHOLDERS).map((name) => `\`{${name}}\``);

/** What a target may contain, as one sentence. */
export const NAME_TEMPLATE = `A target that ends in \`/\` gets \`${DEFAULT_NAME}\`; any of ${CODES.slice(0, -1).join(", ")} and ${CODES.at(-1) ?? ""} may stand in it.`;
