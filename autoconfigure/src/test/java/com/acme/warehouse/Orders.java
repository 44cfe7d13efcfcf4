package com.acme.warehouse;

interface Orders {

	void place(String item);

}
