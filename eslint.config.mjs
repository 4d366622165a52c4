import js from '@eslint/js';
import jupyterPlugin from '@jupyter/eslint-plugin';
import prettierRecommended from 'eslint-plugin-prettier/recommended';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { defineConfig } from 'eslint/config';

export default defineConfig([
  {
    ignores: [
      'node_modules',
      'lib',
      'coverage',
      'parflow_jupyter',
      '**/*.gen.ts',
      '**/*.js',
      '**/*.d.ts',
      '.venv',
      '.venvs',
      'docs',
      'examples',
      'tests',
      'ui-tests/node_modules'
    ]
  },
  js.configs.recommended,
  tseslint.configs.recommended,
  { plugins: { jupyter: jupyterPlugin } },
  jupyterPlugin.configs.recommended,
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: globals.node }
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      globals: { ...globals.browser, ...globals.es2021 },
      parserOptions: { project: 'tsconfig.test.json', sourceType: 'module' }
    },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        }
      ],
      // Tokens and options of a class stand in its namespace, as in Jupyter.
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { args: 'none' }],
      curly: ['error', 'all'],
      eqeqeq: 'error',
      // All of it is smaller than what one more request costs.
      'jupyter/prefer-lazy-imports': 'off',
      'max-lines': ['error', 300],
      'prefer-arrow-callback': 'error'
    }
  },
  {
    // The builder runs in any front end that speaks anywidget, where
    // JupyterLab's translator is out of reach.
    files: ['src/builder/**'],
    rules: { 'jupyter/no-untranslated-string': 'off' }
  },
  {
    files: ['**/__tests__/**'],
    rules: { 'jupyter/no-untranslated-string': 'off' }
  },
  {
    // A package of its own, which no program of tsc's spans.
    files: ['ui-tests/**/*.ts'],
    languageOptions: { parserOptions: { project: null } },
    rules: { 'jupyter/no-untranslated-string': 'off' }
  },
  prettierRecommended
]);
