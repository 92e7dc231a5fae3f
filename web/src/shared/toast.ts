/** Short notices. Never the only place for something one must act on. */
import { ElMessage } from 'element-plus/es/components/message/index.mjs'
import 'element-plus/theme-chalk/el-message.css'

export function toast(text: string, type: 'success' | 'info' | 'error' = 'success'): void {
  ElMessage({
    message: text,
    type,
    grouping: true,
    offset: 64,
    duration: type === 'error' ? 0 : type === 'info' ? 5000 : 3000,
    showClose: type === 'error',
  })
}
