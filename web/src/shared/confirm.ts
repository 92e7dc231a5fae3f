/** Asking before something happens. One question at a time; ConfirmHost shows it. */
import { shallowRef } from 'vue'

export interface Question {
  title: string
  text: string
  /** The verb on the button that does it. */
  action: string
  danger?: boolean
  /** What hangs on it, one line each. */
  consequences?: string[]
  /** The person has to type this first. */
  typeToConfirm?: string
}

export const openQuestion = shallowRef<(Question & { answer: (yes: boolean) => void }) | null>(null)

export function confirm(question: Question): Promise<boolean> {
  openQuestion.value?.answer(false)
  return new Promise((resolve) => {
    openQuestion.value = {
      ...question,
      answer: (yes) => {
        openQuestion.value = null
        resolve(yes)
      },
    }
  })
}
