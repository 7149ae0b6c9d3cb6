// What is wrong with a settings file, in Japanese (services/settings/load.cc and settings_rules.cc say it in English).
#pragma once

#include <span>

#include "apps/cli/language/sentence_match.h"

namespace hikyaku::cli {

[[nodiscard]] std::span<const SentenceRow> settings_sentences();

}  // namespace hikyaku::cli
