/** Extension passwords: 16 characters without those that are confused when read aloud (about 93 bits). */
const LETTERS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

export function generatePassword(length = 16): string {
  let password = ''
  while (password.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // Bytes beyond the last whole round would favour the first letters.
      if (byte < 256 - (256 % LETTERS.length) && password.length < length) {
        password += LETTERS[byte % LETTERS.length]
      }
    }
  }
  return password
}
