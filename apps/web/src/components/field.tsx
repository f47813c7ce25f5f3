import { type InputHTMLAttributes, type Ref, useId } from 'react';
import styles from './field.module.css';

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  /** Said under the field; its line is kept free so that nothing moves. */
  error?: string | undefined;
  ref?: Ref<HTMLInputElement>;
  'data-autofocus'?: boolean;
}

export function Field({ label, error, ...rest }: FieldProps) {
  const id = useId();
  const errorId = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <input
        id={id}
        className={styles.input}
        aria-invalid={error !== undefined}
        aria-describedby={errorId}
        autoComplete="off"
        {...rest}
      />
      <output id={errorId} className={styles.error}>
        {error}
      </output>
    </div>
  );
}
