// The sentences that running services and the directory answer commands with, in Japanese. On the wire, in logs and in the queue
// they are English, one form for programs and for searching; only the command line, which knows the language of whoever reads, has
// these. tests/arrows/server_sentences_are_translated.py reads the sources and fails on a sentence that is missing here.
#pragma once

#include <string>
#include <string_view>

namespace hikyaku::cli {

// The sentence itself when it is none of ours: a peer's reply, a name.
[[nodiscard]] std::string in_japanese(std::string_view sentence);

// For what the server itself refuses to whoever starts it. By the language as the supervisor passes it on: "ja"; any other: null.
using Wording = std::string (*)(std::string_view sentence);
[[nodiscard]] Wording wording_of(std::string_view language);

}  // namespace hikyaku::cli
