package com.acme.nightly;

interface Printer {

	void print(String text);

}
