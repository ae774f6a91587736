// Format, style and layers are Biome's. ESLint alone knows RxJS: nested and async subscribes, leaked subjects.
import rxjs from 'eslint-plugin-rxjs-x'
import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'docs/', 'node_modules/', '**/*.mjs', '**/*.js'] },
  {
    files: ['src/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { rxjs },
    rules: {
      'rxjs/no-async-subscribe': 'error',
      'rxjs/no-create': 'error',
      'rxjs/no-ignored-notifier': 'error',
      'rxjs/no-ignored-replay-buffer': 'error',
      'rxjs/no-ignored-takewhile-value': 'error',
      'rxjs/no-index': 'error',
      'rxjs/no-internal': 'error',
      'rxjs/no-nested-subscribe': 'error',
      'rxjs/no-sharereplay': 'error',
      'rxjs/no-subject-unsubscribe': 'error',
      'rxjs/no-unbound-methods': 'error',
      'rxjs/no-unsafe-takeuntil': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'dice are an argument: take `random`' },
      ],
    },
  },
  {
    files: ['examples/**/*.ts'],
    plugins: { rxjs },
    rules: { 'rxjs/no-ignored-error': 'error' },
  },
)
