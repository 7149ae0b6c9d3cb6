#include "apps/cli/language/locale_language.h"

#include <doctest/doctest.h>

namespace hikyaku::cli {

TEST_CASE("Japanese is spoken where it can be shown") {
  for (const auto* name : {"ja", "ja_JP", "ja_JP.UTF-8", "ja_JP.utf8", "ja_JP.Utf-8", "ja_JP.UTF-8@cjknarrow", "ja_JP@x"}) CHECK_MESSAGE(language_of_locale_name(name) == Language::Japanese, name);
  for (const auto* name : {"", "C", "C.UTF-8", "POSIX", "en_US.UTF-8", "ja_JP.eucJP", "ja_JP.EUC-JP", "ja_JP.ujis", "ja_JP.SJIS", "ja_JP.PCK", "ja_JP.", "japanese.euc", "ja_JP.UTF-16"})
    CHECK_MESSAGE(language_of_locale_name(name) == Language::English, name);
}

}  // namespace hikyaku::cli
