import js from '@eslint/js'
import vueI18n from '@intlify/eslint-plugin-vue-i18n'
import vue from 'eslint-plugin-vue'
import a11y from 'eslint-plugin-vuejs-accessibility'
import ts from 'typescript-eslint'

export default ts.config(
  {
    ignores: [
      'dist',
      'coverage',
      'playwright-report',
      'test-results',
      'src/api/schema.d.ts',
      'src/components.d.ts',
    ],
  },
  js.configs.recommended,
  // JSON is in the lint only for the language files, whose own rules come below.
  ...ts.configs.recommended.map((config) => ({ ...config, files: ['**/*.{js,mjs,ts,vue}'] })),
  {
    files: ['**/*.{js,mjs,ts,vue}'],
    plugins: { '@typescript-eslint': ts.plugin },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
    },
  },
  ...vue.configs['flat/recommended'],
  ...a11y.configs['flat/recommended'],
  ...vueI18n.configs.recommended,
  {
    settings: {
      'vue-i18n': {
        localeDir: {
          pattern: './src/locales/*/*.json',
          localeKey: 'path',
          localePattern: /^.*\/(?<locale>zh-CN|en)\/[^/]+\.json$/,
        },
        messageSyntaxVersion: '^11.0.0',
      },
    },
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.vue'] } },
    rules: {
      // TypeScript knows the names; the rule only knows a list of globals.
      'no-undef': 'off',
      'vue/multi-word-component-names': 'off',
      // Layout is prettier's business.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/require-default-prop': 'off',
      'vuejs-accessibility/heading-has-content': ['error', { accessibleChildren: ['StatePill'] }],
      // Labels are tied by `for`; kit controls cannot be seen inside by the nesting rule.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      '@intlify/vue-i18n/no-raw-text': [
        'error',
        {
          ignorePattern: '^[\\s·/:()–—…×*#%+0-9,.|<>→←-]*$',
          ignoreText: ['Cordboard', 'Ctrl+Enter', 'Space'],
        },
      ],
      '@intlify/vue-i18n/no-missing-keys': 'error',
      '@intlify/vue-i18n/no-missing-keys-in-other-locales': 'error',
    },
  },
)
