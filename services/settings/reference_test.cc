// The manual in the tree is the one the declarations make.
#include "services/settings/reference.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "services/settings/settings.h"

namespace hikyaku::settings {

TEST_CASE("docs/reference/settings.md is current") {
  std::ifstream file("docs/reference/settings.md");
  const std::string kept{std::istreambuf_iterator<char>(file), {}};
  CHECK_MESSAGE(kept == reference_markdown(), "regenerate it: hikyaku config describe --markdown > docs/reference/settings.md");
}

TEST_CASE("the commented file is a good settings file, with and without its comments") {
  for (const bool japanese : {false, true}) {
    const std::string text = commented_file(japanese);
    CHECK(parse_settings(text, "x"));
    std::string bare;
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      auto line = text.substr(at, end - at);
      if (line.starts_with("# ") && line.find(" = ") != std::string::npos) line.erase(0, 2);
      bare += line + "\n";
      at = end + 1;
    }
    CHECK(bare != text);
    CHECK(parse_settings(bare, "x"));
  }
}

}  // namespace hikyaku::settings
