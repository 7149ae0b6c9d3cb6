// What libraries say, in our words: the system where it refuses ("No such file or directory") in Japanese, and the parser of the command line in both languages.
#pragma once

#include <span>

#include "apps/cli/command.h"
#include "apps/cli/language/sentence_match.h"

namespace hikyaku::cli {

[[nodiscard]] std::span<const SentenceRow> system_sentences();
// Of CLI11, all that a command line of ours can meet. Its patterns are general: for what CLI11 says alone.
[[nodiscard]] std::span<const SentenceRow> parser_sentences(Language language);

}  // namespace hikyaku::cli
