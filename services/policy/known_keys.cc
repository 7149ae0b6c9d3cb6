#include "services/policy/known_keys.h"

#include <utility>

namespace hikyaku::policy {

std::shared_ptr<const dkim::ReadKeyOrWhy> KnownKeys::read(std::string_view text) {
  if (text.size() > dkim::most_record_octets) return std::make_shared<const dkim::ReadKeyOrWhy>(dkim::read_key(text));
  std::string record(text);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = younger_.find(record); found != younger_.end()) return found->second;
    if (const auto found = older_.find(record); found != older_.end()) {
      auto key = found->second;
      keep(std::move(record), key);
      return key;
    }
  }
  auto key = std::make_shared<const dkim::ReadKeyOrWhy>(dkim::read_key(text));
  const std::lock_guard lock(mutex_);
  keep(std::move(record), key);
  return key;
}

void KnownKeys::keep(std::string record, std::shared_ptr<const dkim::ReadKeyOrWhy> key) {
  younger_.insert_or_assign(std::move(record), std::move(key));
  if (younger_.size() < (most_ + 1) / 2) return;
  older_ = std::exchange(younger_, {});
}

std::size_t KnownKeys::size() const {
  const std::lock_guard lock(mutex_);
  return younger_.size() + older_.size();
}

}  // namespace hikyaku::policy
