export type Lang = 'ru' | 'kk' | 'en';
