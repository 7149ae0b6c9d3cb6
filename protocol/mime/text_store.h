// TextStore: where the few values live that are not a range of the message as it stands (unfolded, unquoted, unescaped).
// Parsers here give views; this is what keeps them alive. Moving a store keeps every view valid, copying is refused.
#pragma once

#include <forward_list>
#include <string>
#include <string_view>

namespace hikyaku::mime {

class TextStore {
 public:
  TextStore() = default;
  TextStore(TextStore&&) = default;
  TextStore& operator=(TextStore&&) = default;

  // The view stays valid as long as this store (or the one it was moved to) lives.
  std::string_view keep(std::string text) {
    if (text.empty()) return {};
    return kept_.emplace_front(std::move(text));
  }

 private:
  std::forward_list<std::string> kept_;  // nodes never move; nothing is allocated while it is empty
};

}  // namespace hikyaku::mime
