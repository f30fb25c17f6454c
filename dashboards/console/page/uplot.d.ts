// `/uplot.js` is uPlot's own module, which the server reads from the package.
import uPlot from 'uplot';

export default uPlot;
