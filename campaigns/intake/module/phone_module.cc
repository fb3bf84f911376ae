#include "../phone_lib.h"
#include <exception>
#include <phonenumbers/phonenumberutil.h>
#include <string>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

static enum phone_lib_said length_said(PhoneNumberUtil::ValidationResult result) {
  switch (result) {
  case PhoneNumberUtil::IS_POSSIBLE: return PHONE_LIB_GOOD;
  case PhoneNumberUtil::TOO_LONG: return PHONE_LIB_LONG;
  case PhoneNumberUtil::INVALID_COUNTRY_CODE: return PHONE_LIB_COUNTRY;
  default: return PHONE_LIB_SHORT; /* also: only possible within its town */
  }
}

static enum phone_lib_said parse(const char *digits, const char *region, uint64_t *e164) {
  const PhoneNumberUtil &util = *PhoneNumberUtil::GetInstance();
  PhoneNumber number;
  switch (util.Parse(digits, region, &number)) {
  case PhoneNumberUtil::NO_PARSING_ERROR: break;
  case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR: return PHONE_LIB_COUNTRY;
  case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
  case PhoneNumberUtil::TOO_SHORT_NSN: return PHONE_LIB_SHORT;
  case PhoneNumberUtil::TOO_LONG_NSN: return PHONE_LIB_LONG;
  default: return PHONE_LIB_NO_NUMBER;
  }
  enum phone_lib_said said = length_said(util.IsPossibleNumberWithReason(number));
  if (said != PHONE_LIB_GOOD) return said;
  std::string text;
  util.Format(number, PhoneNumberUtil::E164, &text);
  if (text.size() < 2 || text.size() > 16) return PHONE_LIB_LONG;
  uint64_t value = 0;
  for (size_t i = 1; i < text.size(); i++) {
    if (text[i] < '0' || text[i] > '9') return PHONE_LIB_NO_NUMBER;
    value = value * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  *e164 = value;
  return PHONE_LIB_GOOD;
}

extern "C" enum phone_lib_said cadencia_phone_parse(const char *digits, const char *region, uint64_t *e164) {
  try {
    return parse(digits, region, e164);
  } catch (const std::exception &) { /* no C++ exception crosses into C: without memory the number is none */
    return PHONE_LIB_NO_NUMBER;
  }
}
