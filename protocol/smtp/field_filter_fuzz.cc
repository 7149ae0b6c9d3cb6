// The pieces change nothing; what passes holds no field of ours any more, and nothing is lost that is not one.
#include <cstdint>

#include "base/check.h"
#include "protocol/smtp/field_filter.h"

namespace {

constexpr std::string_view names[] = {"X-Virus-Status", "X-Virus-Scanned"};

struct Filtered {
  std::string text;
  std::size_t removed;
};
Filtered filtered(std::string_view text, std::size_t piece) {
  hikyaku::smtp::FieldFilter filter(names);
  std::string out;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) filter.take(text.substr(0, piece), [&](std::string_view part) { out += part; });
  out += filter.finish();
  return {std::move(out), filter.removed()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using hikyaku::check;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = filtered(text, size + 1);
  check(filtered(text, 1).text == whole.text && filtered(text, 5).text == whole.text, "pieces change nothing");
  check(filtered(whole.text, 3).removed == 0 || whole.removed > 0, "nothing appears that was not there");
  check((whole.removed == 0) == (whole.text.size() == text.size()), "what is taken out is shorter");
  return 0;
}
