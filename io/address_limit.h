// AddressLimit: how many connections one address, and all together, may hold. Thread-safe: one for all loops.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "io/socket_address.h"

namespace hikyaku::io {

class AddressLimit {
 public:
  // A held place; gives it back when destroyed.
  class Place {
   public:
    Place(Place&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)), key_(other.key_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (limit_ != nullptr) limit_->leave(key_);
    }

   private:
    friend class AddressLimit;
    Place(AddressLimit& limit, IpAddress key) : limit_(&limit), key_(key) {}
    AddressLimit* limit_;
    IpAddress key_;
  };

  AddressLimit(std::size_t per_address, std::size_t in_all) : per_address_(per_address), in_all_(in_all) {}

  // Nothing when the limit is reached. An IPv6 peer counts by its /64, which is what one host gets.
  std::optional<Place> enter(const IpAddress& address) {
    const IpAddress key = key_of(address);
    const std::scoped_lock lock(mutex_);
    if (held_ >= in_all_) return std::nullopt;
    if (per_address_ == 0) return std::nullopt;
    auto& count = counts_[key];
    if (count >= per_address_) return std::nullopt;
    ++count;
    ++held_;
    return Place(*this, key);
  }
  [[nodiscard]] std::size_t held() const {
    const std::scoped_lock lock(mutex_);
    return held_;
  }

 private:
  static IpAddress key_of(const IpAddress& address) {
    if (address.family() == IpFamily::V4) return address;
    return *IpAddress::from_octets(std::string(address.octets().substr(0, 8)) + std::string(8, '\0'));
  }
  void leave(const IpAddress& key) {
    const std::scoped_lock lock(mutex_);
    --held_;
    const auto found = counts_.find(key);
    if (--found->second == 0) counts_.erase(found);
  }

  const std::size_t per_address_;
  const std::size_t in_all_;
  mutable std::mutex mutex_;
  std::size_t held_ = 0;
  std::map<IpAddress, std::size_t> counts_;
};

}  // namespace hikyaku::io
