// Check digits only warn and never refuse: the official test numbers of the National Certification Authority fail them.

/** True for twelve ASCII digits, the shape of both IIN and BIN. */
export const isTwelveDigits = (value: string): boolean => /^[0-9]{12}$/.test(value);

const weighted = (digits: number[], shift: number): number =>
  digits.slice(0, 11).reduce((sum, d, i) => sum + d * (((i + shift) % 11) + 1), 0) % 11;

/** Whether the twelfth digit of an IIN or BIN agrees with the first eleven (weights 1…11 mod 11; on 10 again with 3…11,1,2). */
export function checkDigitAgrees(value: string): boolean {
  if (!isTwelveDigits(value)) return false;
  const digits = [...value].map(Number);
  const first = weighted(digits, 0);
  const check = first === 10 ? weighted(digits, 2) : first;
  return check === digits[11];
}
