/**
 * A short name of a text, so that histories hold no texts: its length and 53 bits that depend on every character. Not for
 * secrets; two texts of one run hardly ever share one.
 */
export function hashText(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  const bits = (low >>> 0) + (high & 0x1f_ffff) * 2 ** 32;
  return `${text.length}.${bits.toString(36)}`;
}
