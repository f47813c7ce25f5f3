import styles from './wordmark.module.css';

/** The name of the place, with its mark. The same in every language. */
export function Wordmark() {
  return (
    <h1 className={styles.wordmark} translate="no">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <path
          fill="currentColor"
          d="M9 3h14a7 7 0 0 1 7 7v8a7 7 0 0 1-7 7h-6.2l-6.3 4.6A1 1 0 0 1 9 28.8V25a7 7 0 0 1-7-7v-8a7 7 0 0 1 7-7Z"
        />
        <path className={styles.lines} d="M10 11.5h12M10 16.5h7" />
      </svg>
      Parley
    </h1>
  );
}
