import js from '@eslint/js';
import jupyterPlugin from '@jupyter/eslint-plugin';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import prettierRecommended from 'eslint-plugin-prettier/recommended';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { defineConfig } from 'eslint/config';

// What each room of src/ may import, from the floor up. index.ts imports all that have plugins.
const FLOOR = ['api/errors.ts', 'api/types.ts', 'text', 'tokens.ts'];
const ROOMS = {
  api: [],
  'tokens.ts': ['api/types.ts'],
  text: ['api/types.ts'],
  model: ['api', 'tokens.ts'],
  components: FLOOR,
  commands: [...FLOOR, 'components'],
  panel: [...FLOOR, 'components', 'model/schemeOrder.ts'],
  logs: [...FLOOR, 'components'],
  notebook: [...FLOOR, 'components'],
  builder: []
};

const ZONES = Object.entries(ROOMS).map(([room, below]) => ({
  target: `./src/${room}`,
  from: './src',
  except: [room, ...below].map(path => `./${path}`)
}));

/** Refuse these packages, with the reason. */
const refuse = (group, message) => ({
  'no-restricted-imports': ['error', { patterns: [{ group, message }] }]
});

const URLS = {
  paths: [
    {
      name: '@jupyterlab/coreutils',
      importNames: ['PageConfig', 'URLExt'],
      message: 'Only src/api knows URLs.'
    },
    {
      name: '@jupyterlab/services',
      importNames: ['ServerConnection'],
      message: 'Only src/api asks the server.'
    }
  ]
};

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
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ['**/__tests__/**'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts', '.tsx'] },
      'import-x/resolver-next': [
        createNodeResolver({ extensions: ['.ts', '.tsx'] })
      ]
    },
    rules: {
      'max-lines-per-function': [
        'error',
        { max: 40, skipBlankLines: true, skipComments: true }
      ],
      'import-x/no-cycle': 'error',
      'import-x/order': [
        'error',
        {
          alphabetize: { order: 'asc' },
          groups: [
            ['builtin', 'external'],
            ['parent', 'sibling', 'index']
          ],
          'newlines-between': 'always'
        }
      ],
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: ZONES }
      ]
    }
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ['src/api/**', '**/__tests__/**'],
    rules: {
      'no-restricted-globals': ['error', 'fetch', 'XMLHttpRequest'],
      'no-restricted-imports': ['error', URLS],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Literal[value=/^(https?:|\\/?parflow\\/)/]',
          message: 'Only src/api knows URLs.'
        }
      ]
    }
  },
  {
    files: ['src/model/**', 'src/text/**'],
    ignores: ['**/__tests__/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          ...URLS,
          patterns: [
            {
              group: ['react', 'react-dom', 'react-dom/*', '*/ui-components'],
              message: 'Nothing is drawn here.'
            }
          ]
        }
      ]
    }
  },
  {
    files: ['src/builder/**'],
    rules: refuse(
      ['@jupyterlab/*', '@jupyter/*', '@lumino/*'],
      'The builder runs in any front end that speaks anywidget.'
    )
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
