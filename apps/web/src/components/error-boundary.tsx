import { Component, type ReactNode } from 'react';

interface Props {
  /** Drawn instead, once something below could not be drawn. */
  fallback: ReactNode;
  children: ReactNode;
}

/** Keeps a fault in one part from leaving an empty page. */
export class ErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
