import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { classNames } from '../lib/class-names.ts';
import styles from './button.module.css';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'primary' | 'plain' | 'danger' | 'link';
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = 'plain', className, type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={classNames(styles.button, styles[kind], className)} {...rest} />;
}

interface IconButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'aria-label' | 'title'> {
  label: string;
  icon: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

/** A picture alone: its name is spoken, and shown when pointed at. */
export function IconButton({ label, icon, className, type = 'button', ...rest }: IconButtonProps) {
  return (
    <button type={type} aria-label={label} title={label} className={classNames(styles.icon, className)} {...rest}>
      {icon}
    </button>
  );
}

/** Like IconButton, but goes to a place of the page. */
export function IconLink({
  label,
  icon,
  href,
  className,
}: {
  label: string;
  icon: ReactNode;
  href: string;
  className?: string | undefined;
}) {
  return (
    <a href={href} aria-label={label} title={label} className={classNames(styles.icon, className)}>
      {icon}
    </a>
  );
}
