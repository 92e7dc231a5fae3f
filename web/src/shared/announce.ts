/** The page's two live regions. Assertive is kept for an incoming call and the loss of one's own. */
import { readonly, ref } from 'vue'

const politeText = ref('')
const assertiveText = ref('')

export const politeMessage = readonly(politeText)
export const assertiveMessage = readonly(assertiveText)

export function announce(text: string, urgency: 'polite' | 'assertive' = 'polite'): void {
  const region = urgency === 'assertive' ? assertiveText : politeText
  // The same sentence twice is only read again if it differs.
  region.value = region.value === text ? `${text}\u00a0` : text
}
