// Characters that JSON is made of, as bytes.
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const POINT = 0x2e;
export const COLON = 0x3a;
export const SPACE = 0x20;
export const BACKSLASH = 0x5c;
export const OPEN = 0x7b;
export const CLOSE = 0x7d;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const ZERO = 0x30;
export const NINE = 0x39;
export const LETTER_E = 0x65;
export const CAPITAL_E = 0x45;
export const LETTER_N = 0x6e;
export const LETTER_T = 0x74;
export const CAPITAL_Z = 0x5a;
