#include "storage/partition_name.h"

#include <algorithm>

namespace hikyaku::storage {
namespace {

constexpr std::size_t longest_name_octets = 200;

bool may_stand_in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("._@=-").contains(c);
}

bool is_engine_file(std::string_view part) {
  if (part.starts_with("index.sqlite") || part == "index.lock") return true;
  const auto number = part.starts_with("pack-") ? part.substr(5) : std::string_view{};
  return !number.empty() && std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_part(std::string_view part) {
  return !part.empty() && part.front() != '.' && std::ranges::all_of(part, may_stand_in_name) && !is_engine_file(part);
}

}  // namespace

StoreResult<> check_name(std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return failure(StoreError{StoreFailure::Refused, "the name \"" + std::string(name.substr(0, 64)) + "\" " + std::string(why)});
  };
  if (name.empty() || name.size() > longest_name_octets) return refuse("is empty or longer than 200 octets");
  for (std::string_view rest = name;;) {
    const auto slash = rest.find('/');
    if (!is_part(rest.substr(0, slash))) return refuse("has a part that is empty, reserved or not of [a-z0-9._@=-]");
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace hikyaku::storage
