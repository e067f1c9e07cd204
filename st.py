import numpy as np
a=np.loadtxt('/tmp/nr/many.txt'); print(a.shape,a.mean(0),a.std(0,ddof=1), a.std(0,ddof=1)/np.sqrt(len(a)))
