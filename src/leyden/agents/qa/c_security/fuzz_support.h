/* Random numbers come from the fuzzer's bytes, mostly those at the borders: what is guarded by chance or needs the largest number is reached. */
static const uint8_t* leyden_bytes;
static size_t leyden_left;
static int leyden_rand(void) {
  static const int borders[] = {0, 1, RAND_MAX};
  if (leyden_left == 0) return 4;
  --leyden_left;
  uint8_t byte = *leyden_bytes++;
  return byte % 4 < 3 ? borders[byte % 4] : (int)(byte * 8421503u & RAND_MAX);
}

/* AddressSanitizer looks at strcpy, not at its wide twins: these are compiled with it. */
static wchar_t* leyden_wcsncpy(wchar_t* to, const wchar_t* from, size_t count) {
  size_t i = 0;
  for (; i < count && from[i] != 0; ++i) to[i] = from[i];
  for (; i < count; ++i) to[i] = 0;
  return to;
}
static wchar_t* leyden_wcscpy(wchar_t* to, const wchar_t* from) {
  size_t i = 0;
  for (; from[i] != 0; ++i) to[i] = from[i];
  to[i] = 0;
  return to;
}
static wchar_t* leyden_wcsncat(wchar_t* to, const wchar_t* from, size_t count) {
  size_t end = 0, i = 0;
  while (to[end] != 0) ++end;
  for (; i < count && from[i] != 0; ++i) to[end + i] = from[i];
  to[end + i] = 0;
  return to;
}
static wchar_t* leyden_wcscat(wchar_t* to, const wchar_t* from) {
  return leyden_wcsncat(to, from, (size_t)-1);
}
static wchar_t* leyden_wmemset(wchar_t* to, wchar_t with, size_t count) {
  for (size_t i = 0; i < count; ++i) to[i] = with;
  return to;
}
static int leyden_swprintf(wchar_t* to, size_t count, const wchar_t* form, ...) {
  wchar_t* own = calloc(count + 1, sizeof *own);
  va_list values;
  va_start(values, form);
  int written = vswprintf(own, count, form, values);
  va_end(values);
  if (written >= 0) leyden_wcscpy(to, own);
  if (written < 0 && count > 0) to[count - 1] = 0;
  free(own);
  return written;
}
#define rand leyden_rand
#define wcscpy leyden_wcscpy
#define wcsncpy leyden_wcsncpy
#define wcscat leyden_wcscat
#define wcsncat leyden_wcsncat
#define wmemset leyden_wmemset
#define swprintf leyden_swprintf
