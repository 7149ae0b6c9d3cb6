#include "services/directory/dkim_key.h"

#include "base/cursor.h"
#include "services/directory/address_text.h"

namespace hikyaku::directory {

std::string_view stage_name(DkimStage stage) {
  switch (stage) {
    case DkimStage::Prepared: return "prepared";
    case DkimStage::Active: return "active";
    case DkimStage::Retired: return "retired";
  }
  return "";
}

bool is_due(const DkimKey& key, WallTime now, Duration settled) {
  return key.stage == DkimStage::Prepared && key.takes_over == TakesOver::WhenPublished && key.published != WallTime{} && now - key.published >= settled;
}

std::optional<WallTime> record_needed_until(const DkimKey& key, Duration kept) {
  if (key.stage != DkimStage::Retired) return std::nullopt;
  return key.retired + std::chrono::duration_cast<std::chrono::microseconds>(kept);
}

bool is_selector(std::string_view selector, std::string_view domain) {
  constexpr std::string_view between = "._domainkey.";
  constexpr std::size_t longest_name = 253;
  return is_domain(selector) && selector.find_first_of("[_") == std::string_view::npos && selector.size() + between.size() + domain.size() <= longest_name;
}

}  // namespace hikyaku::directory
