// OpenConnections: how many connections there are to each destination as its hosts count them: those at work, those kept
// for more mail, those being opened, and those that said goodbye and are not closed yet. A limit on connections is a promise about these.
//
// One thread. A place is given back by its destruction, also when that comes after everybody else's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "io/event.h"

namespace hikyaku::delivery {

class OpenConnections : public std::enable_shared_from_this<OpenConnections> {
 public:
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : all_(std::exchange(other.all_, nullptr)), destination_(std::move(other.destination_)), closes_(other.closes_) {}
    Place& operator=(Place&& other) noexcept {
      if (this == &other) return *this;
      give_back();
      all_ = std::exchange(other.all_, nullptr);
      destination_ = std::move(other.destination_);
      closes_ = other.closes_;
      return *this;
    }
    ~Place() { give_back(); }

    [[nodiscard]] const std::string& destination() const { return destination_; }
    // From now on it is on its way out: it counts until it is gone, and nobody uses it.
    void closes() {
      if (all_ && !std::exchange(closes_, true)) ++all_->of_[destination_].closing;
    }

   private:
    friend class OpenConnections;
    Place(std::shared_ptr<OpenConnections> all, std::string destination) : all_(std::move(all)), destination_(std::move(destination)) {}
    void give_back() {
      if (const auto all = std::exchange(all_, nullptr)) all->give_back(destination_, closes_);
    }
    std::shared_ptr<OpenConnections> all_;
    std::string destination_;
    bool closes_ = false;
  };

  [[nodiscard]] Place take(std::string destination) {
    ++of_[destination].all;
    return {shared_from_this(), std::move(destination)};
  }
  [[nodiscard]] std::uint32_t count(const std::string& destination) const { return find(destination).all; }
  [[nodiscard]] std::uint32_t closing(const std::string& destination) const { return find(destination).closing; }
  // Notified when a place was given back.
  [[nodiscard]] io::Event& given_back() { return given_back_; }

 private:
  struct Numbers {
    std::uint32_t all = 0, closing = 0;
  };
  [[nodiscard]] Numbers find(const std::string& destination) const {
    const auto found = of_.find(destination);
    return found == of_.end() ? Numbers{} : found->second;
  }
  void give_back(const std::string& destination, bool closes) {
    const auto found = of_.find(destination);
    if (closes) --found->second.closing;
    if (--found->second.all == 0) of_.erase(found);
    given_back_.notify_all();
  }

  std::unordered_map<std::string, Numbers> of_;
  io::Event given_back_;
};

}  // namespace hikyaku::delivery
