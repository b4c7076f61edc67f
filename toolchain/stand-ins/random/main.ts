import { serve } from './provider.ts';

void serve();
