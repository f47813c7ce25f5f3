import type { CSSProperties } from 'react';
import { hueOf, initialsOf } from '../lib/initials.ts';
import { classNames } from '../lib/class-names.ts';
import styles from './avatar.module.css';

interface AvatarProps {
  id: string;
  name: string;
  size?: 'small' | 'medium' | 'large';
  /** Rooms are square, people are round. */
  square?: boolean;
}

/** Initials on one of twelve hues. The name stands beside it, so screen readers skip it. */
export function Avatar({ id, name, size = 'medium', square = false }: AvatarProps) {
  const style = { '--hue': hueOf(id) } as CSSProperties;
  return (
    <span className={classNames(styles.avatar, styles[size], square && styles.square)} style={style} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}
