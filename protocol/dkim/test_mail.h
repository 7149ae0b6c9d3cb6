// What the tests of DKIM, ARC and DMARC share: messages whose lines end with LF made mail, and a DNS that is a table.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/dkim/verification.h"

namespace hikyaku::dkim::testing {

inline std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

inline std::string read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  std::string text;
  char part[4096];
  while (const auto size = file ? std::fread(part, 1, sizeof part, file.get()) : 0) text.append(part, size);
  return text;
}

// A file or folder of the test data that others wrote (HIKYAKU_TESTDATA, or the shared folder beside the tree); empty: not here.
inline std::string testdata(const std::string& name) {
  const char* given = std::getenv("HIKYAKU_TESTDATA");
  for (const std::string& folder : {given != nullptr ? std::string(given) : std::string(), std::string("../shared/testdata"), std::string("../../shared/testdata")}) {
    if (folder.empty()) continue;
    if (auto* const file = std::fopen((folder + "/" + name).c_str(), "rb")) {
      std::fclose(file);
      return folder + "/" + name;
    }
  }
  return {};
}

using Zone = std::map<std::string, KeyAnswer>;
inline KeyAnswer one_record(std::string text) { return {KeyAnswer::Kind::Records, {std::move(text)}}; }

template <class Any>
void answer_all(Any& verification, const Zone& zone) {
  for (const auto& name : verification.key_names()) {
    const auto found = zone.find(name);
    verification.answer(name, found == zone.end() ? KeyAnswer{} : found->second);
  }
}

inline std::vector<SignatureResult> verify(std::string_view text, const Zone& zone, VerifyOptions options = {}, MessageLimits limits = {}) {
  Message message(limits);
  message.feed(text);
  message.end();
  Verification verification(message, std::move(options));
  answer_all(verification, zone);
  return verification.results();
}

}  // namespace hikyaku::dkim::testing
