// JsonView: reading JSON that our own processes wrote (status, log lines). A thin face over Boost.JSON, which is
// included in one file. Anything that is missing or of another kind reads as empty.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hikyaku::cli {

class JsonView {
 public:
  // Nothing when the text is no JSON. Cost: linear.
  [[nodiscard]] static std::optional<JsonView> parse(std::string_view text);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] JsonView at(std::string_view key) const;
  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::uint64_t number(std::string_view key) const;
  [[nodiscard]] double real(std::string_view key) const;
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> named_texts() const;  // an object's members that are strings
  [[nodiscard]] std::vector<JsonView> items() const;          // of an array
  [[nodiscard]] std::vector<std::string> texts() const;       // of an array of strings

 private:
  struct Node;
  explicit JsonView(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  std::shared_ptr<const Node> node_;
};

}  // namespace hikyaku::cli
