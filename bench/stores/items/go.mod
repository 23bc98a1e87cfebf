module tidemill/bench/stores/items

go 1.26.0
